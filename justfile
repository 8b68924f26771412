set positional-arguments

# lint and tests
default: lint test

# style, types, layering, bounds
lint:
    uv run ruff format --check .
    uv run ruff check .
    uv run mypy
    uv run lint-imports --no-cache
    uv run python tools/house.py

# every test, or those named: just test tests/client -k rename
test *args:
    uv run pytest "$@"

# the long variants that `just test` leaves out
test-slow *args:
    uv run pytest -m slow "$@"

# a repository moved 100 times between pulling and pushing while it is pulled and pushed to
trial-migration *args:
    uv run pytest -m slow tests/server/migration "$@"

# which lines the tests reach, as a table and in htmlcov/: just coverage tests/history
coverage *args:
    uv run pytest --cov --cov-report=term:skip-covered --cov-report=html "$@"

# run tests again whenever a file changes: just watch tests/history
watch *args:
    uv run watchfiles --filter python "pytest -q {{args}}" src tests

# lint what is committed from now on, before each commit
hooks:
    uv run prek install

# break everything at random while four clients push, and check that nothing is lost: just chaos --minutes 15 --seed 1
chaos *args:
    uv run python -m tests.chaos "$@"

# kill workers, beats, git and Redis at random while 50 repositories are pulled: just chaos-pull --kills 100 --seed 1
chaos-pull *args:
    uv run python -m tests.chaos.pulls "$@"

# put the code into shape
format:
    uv run ruff format .
    uv run ruff check --fix .

# docs/reference, written anew from the code
docs:
    uv run python -m tools.reference

# the documentation site in build/site; a warning fails it
site:
    uv run sphinx-build --quiet --fail-on-warning --keep-going --nitpicky --fresh-env -c tools/site docs build/site

# docs/pictures, taken anew from the running product; needs Chromium: just pictures --every ../pages
pictures *args:
    uv run python -m tools.pictures "$@"

# commits per second over HTTP against raw COPY, as ratios: just bench --only "JSON by 1000" --rounds 5
bench *args:
    uv run python -m benchmarks.ingest "$@"

# many clients at once, each with a key of its own: just bench-clients --clients 50 --seconds 20
bench-clients *args:
    uv run python -m benchmarks.clients "$@"

# a worker's memory over thousands of batches and a long stream: just bench-memory --batches 300 --stream 0
bench-memory *args:
    uv run python -m benchmarks.memory "$@"

# a whole push against git log: just bench-push ../some-repository
bench-push *args:
    uv run python -m benchmarks.push "$@"

# the same at 0 to 10 million stored commits: just bench-growth --at 0 1 --recommended 1
bench-growth *args:
    uv run python -m benchmarks.growth "$@"

# p50 and p99 of every page of the console at 200 repositories: just bench-pages --millions 5
bench-pages *args:
    uv run python -m benchmarks.pages "$@"

# how long forges wait for the answer to a webhook, also while the broker is away: just bench-webhooks --deliveries 500
bench-webhooks *args:
    uv run python -m benchmarks.webhooks "$@"

# processor time of the league's scorer and of replays: just bench-league --commits 1000000
bench-league *args:
    uv run python -m benchmarks.league "$@"

# settings, indexes, workers, compression, each measured: just bench-choices --only compression
bench-choices *args:
    uv run python -m benchmarks.choices "$@"

# how throughput grows with nodes, simulated with measured costs: just bench-scale --measure 100
bench-scale *args:
    uv run python -m benchmarks.scale "$@"

# the newest versions that fit, pinned without addresses
pin:
    uv run python tools/pin.py
    uv sync --quiet
    uv run python tools/pin.py --check

# both archives in dist/, checked and tried in an empty environment; says what whoever publishes does then
release:
    uv run python -m tools.release
