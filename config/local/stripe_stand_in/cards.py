"""Stripe's test cards: which numbers there are, and what each does when it is saved and when it is charged.

*Called by*: payment_methods.py, payment_intents.py, setup_intents.py, the pages. *Keeps true*: numbers and outcomes
are those that Stripe publishes for testing; any other number is refused.
"""

from dataclasses import dataclass

from config.local.stripe_stand_in.trouble import Refusal, Thing, declined

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}
CODES = {"expired_card": "expired_card", "incorrect_cvc": "incorrect_cvc", "processing_error": "processing_error"}


@dataclass(frozen=True)
class Card:
    """`asks` for 3-D Secure: never, once (until it is set up for use off session), or always."""

    number: str
    label: str
    token: str
    asks: str = "never"
    declines: str = ""
    saves: bool = True
    brand: str = "visa"
    is_disputed: bool = False


CARDS = [
    Card("4242424242424242", "Succeeds", "pm_card_visa"),
    Card("5555555555554444", "Succeeds (Mastercard)", "pm_card_mastercard", brand="mastercard"),
    Card("378282246310005", "Succeeds (American Express)", "pm_card_amex", brand="amex"),
    Card("4000002500003155", "Asks for 3-D Secure once", "pm_card_authenticationRequiredOnSetup", asks="once"),
    Card("4000002760003184", "Asks for 3-D Secure always", "pm_card_authenticationRequired", asks="always"),
    Card("4000000000003220", "Asks for 3-D Secure 2", "pm_card_threeDSecure2Required", asks="always"),
    Card("4000000000000002", "Is declined", "pm_card_chargeDeclined", declines="generic_decline", saves=False),
    Card(
        *("4000000000009995", "Has insufficient funds", "pm_card_chargeDeclinedInsufficientFunds"),
        declines="insufficient_funds",
        saves=False,
    ),
    Card("4000000000000341", "Can be saved, then declines", "pm_card_chargeCustomerFail", declines="generic_decline"),
    Card(
        *("4000008260003178", "Asks for 3-D Secure, then has no funds"),
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        asks="always",
        declines="insufficient_funds",
    ),
    Card(
        *("4000000000000069", "Has expired", "pm_card_chargeDeclinedExpiredCard"),
        declines="expired_card",
        saves=False,
    ),
    Card(
        *("4000000000000127", "Has another security code", "pm_card_chargeDeclinedIncorrectCvc"),
        declines="incorrect_cvc",
        saves=False,
    ),
    Card(
        *("4000000000000119", "Fails while it is processed", "pm_card_chargeDeclinedProcessingError"),
        declines="processing_error",
        saves=False,
    ),
    Card("4000000000000259", "Succeeds, then is disputed", "pm_card_createDispute", is_disputed=True),
]
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS} | {"pm_card_visa_chargeDeclined": BY_NUMBER["4000000000000002"]}


def read(number: str) -> Card:
    """The card of a number as it is typed. Raises Stripe's refusal of a number that is none of the test cards."""
    card = BY_NUMBER.get("".join(character for character in number if character.isdigit()))
    if not card:
        raise Refusal(402, "Your card number is incorrect.", kind="card_error", code="incorrect_number", param="number")
    return card


def asks(method: Thing, *, off_session: bool) -> bool:
    """Say whether a charge now needs its owner."""
    card = BY_NUMBER[method["_number"]]
    if card.asks == "once":
        return not (off_session and method.get("_is_set_up"))
    return card.asks == "always"


def refuse_charge(method: Thing) -> Refusal | None:
    """The decline of a charge, if this card is one that declines."""
    return _decline(BY_NUMBER[method["_number"]])


def refuse_saving(method: Thing) -> Refusal | None:
    """The decline when the card is saved, which some are and some only later."""
    card = BY_NUMBER[method["_number"]]
    return None if card.saves else _decline(card)


def _decline(card: Card) -> Refusal | None:
    if not card.declines:
        return None
    return declined(card.declines, MESSAGES[card.declines], code=CODES.get(card.declines, "card_declined"))
