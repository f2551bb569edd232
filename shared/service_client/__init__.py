"""The client side of calls between services: replicas, connections, retries, deadlines."""
