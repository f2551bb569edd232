"""Failover with Patroni and etcd, for suites that were started with HA=1."""
