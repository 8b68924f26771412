"""Chats that are told what happens to a project's repositories: Slack, Teams, Mattermost, Discord."""
