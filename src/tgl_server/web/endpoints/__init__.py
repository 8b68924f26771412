"""The pages of a project's endpoints: where its events are sent to, what was sent there, and what was answered."""
