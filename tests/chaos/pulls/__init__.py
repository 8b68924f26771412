"""Pulls while everything that does them is killed at random: two workers and two beats on a real Redis, over remotes
that grow, by three schedules."""
