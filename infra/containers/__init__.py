"""The suite in containers: its images, and a compose file that is rendered from the plan."""
