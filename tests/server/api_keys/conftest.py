from tests.server.people import people

__all__ = ["people"]
