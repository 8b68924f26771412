set positional-arguments

# lint and tests
default: lint test

# style, types, layering
lint:
    uv run ruff format --check .
    uv run ruff check .
    uv run mypy
    uv run lint-imports --no-cache

# every test, or those named: just test tests/client -k rename
test *args:
    uv run pytest "$@"

# put the code into shape
format:
    uv run ruff format .
    uv run ruff check --fix .
