"""Inspection: explanations, small imitating trees, single episodes and pictures of agents."""
