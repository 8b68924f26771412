"""Rate limits, counted per client and group of routes before anybody is authenticated."""
