"""Billing: turn an order into an invoice."""

from __future__ import annotations

import logging
from decimal import Decimal

from dotenv import load_dotenv
from fastapi import FastAPI
from pydantic import BaseModel

import logship

load_dotenv()
logship.configure("billing")
logger = logging.getLogger("billing")
app = FastAPI()


class Item(BaseModel):
    article: str
    price: Decimal
    amount: int = 1


class Order(BaseModel):
    number: str
    items: list[Item]


@app.post("/invoices", status_code=201)
def write_invoice(order: Order) -> dict[str, str]:
    total = sum((item.price * item.amount for item in order.items), Decimal(0))
    logger.info("invoice for order %s: %s", order.number, total)
    return {"order": order.number, "total": str(total)}


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
