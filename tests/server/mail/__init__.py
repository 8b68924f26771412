"""Tests of mails: settings, queue, transport, and what is in them."""
