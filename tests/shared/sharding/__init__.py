"""The tests of the sharding foundation."""
