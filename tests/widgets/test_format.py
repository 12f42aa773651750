"""Python and the page write numbers alike."""

import random

from page import run_node

from course_utils.widgets.base import format_number, page_script

RUNNER = """
import { readFileSync } from "node:fs";
import { formatNumber } from "./common.mjs";
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(formatNumber)));
"""


def test_python_and_page_write_numbers_alike(tmp_path):
    rng = random.Random(0)
    powers = [rng.choice((-1, 1)) * rng.random() * 10.0 ** rng.randint(-12, 15) for _ in range(500)]
    ties = [0.125, 0.0625, 2.5, 1.125, 1234.5, 1225.0, 12350.0, 999.5, 9999.5, 0.9995, 1e-3, 1e4]
    numbers = [0.0, 1.0, *powers, *ties, *(-each for each in ties)]
    script = page_script("quiz") + "\nexport { formatNumber };"
    (tmp_path / "common.mjs").write_text(script, "utf-8")
    page = run_node(tmp_path, RUNNER, numbers)
    assert [format_number(number) for number in numbers] == page


def test_numbers_read_well():
    written = [format_number(number) for number in (0, -2, 0.12345, 123.456, 2.5e-7, 1.5e12)]
    assert written == ["0", "−2", "0.123", "123", "2.5×10⁻⁷", "1.5×10¹²"]
