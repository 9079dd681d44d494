"""Measurements, side by side with a peer or a physical limit, as ratios in one run."""
