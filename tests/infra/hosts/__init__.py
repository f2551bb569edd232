"""A suite on several hosts, rendered, and run in network namespaces."""
