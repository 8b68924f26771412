"""The first page: every repository that the viewer sees, the ones that need attention first."""
