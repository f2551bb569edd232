"""Requests that need a decision or more than one service."""
