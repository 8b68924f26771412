"""Importing accounts, projects, repositories and their credentials from the older system's database."""
