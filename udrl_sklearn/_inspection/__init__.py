"""Inspection: explanations, distillation to small trees, single episodes and plots of agents."""
