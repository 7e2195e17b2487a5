"""`python -m daemon`, the same as `fortnox-syncd`."""

from daemon.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
