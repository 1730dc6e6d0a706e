import unittest

from shop.money import Money, parse


class MoneyTest(unittest.TestCase):
    def test_reads_amounts(self):
        self.assertEqual(parse("2.50"), Money(250))
        self.assertEqual(parse(" 3,5 €"), Money(350))
        self.assertEqual(parse("-4"), Money(-400))

    def test_refuses_what_is_no_amount(self):
        for text in ("", "two", "1.234", "1.2.3"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse(text)

    def test_prints_cents(self):
        self.assertEqual(str(Money(-1205)), "-12.05 €")

    def test_rounds_half_up(self):
        self.assertEqual(Money(250).percent(19), Money(48))
