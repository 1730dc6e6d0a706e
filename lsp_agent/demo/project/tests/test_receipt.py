import unittest

from shop.menu import Menu
from shop.money import Money
from shop.receipt import Receipt

MENU = Menu.read("Espresso: 2.20\nCrème brûlée: 4.80  # home-made\n\nTea: 2.50\n")


class ReceiptTest(unittest.TestCase):
    def test_knows_what_is_sold(self):
        self.assertEqual(MENU.price("espresso"), Money(220))
        with self.assertRaises(KeyError):
            Receipt(MENU).add("Pizza")

    def test_an_empty_receipt_costs_nothing(self):
        self.assertEqual(Receipt(MENU).total(), Money(0))

    def test_adds_up(self):
        receipt = Receipt(MENU)
        receipt.add("Espresso", 2)
        receipt.add("Crème brûlée")
        self.assertEqual(receipt.total(), Money(920))

    def test_prints_a_line_for_each_item(self):
        receipt = Receipt(MENU)
        receipt.add("Tea", 2)
        self.assertEqual(receipt.lines(), ["2 × Tea          5.00 €", "total            5.00 €"])
