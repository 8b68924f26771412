"""Mails: written, kept in a queue in the database, and handed to the mail server of SMTP_URL."""
