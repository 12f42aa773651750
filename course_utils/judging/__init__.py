"""The engine of the checks: it runs a submission beside a reference and says what it has seen."""
