"""How often a client may ask: counted per client and group of routes, before anybody is authenticated."""
