"""Environments: what is one, how they are made and kept, and what their spaces mean."""
