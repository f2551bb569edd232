"""The contained decoder, and upload's calls to feed and the balancers."""
