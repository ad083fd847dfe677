"""The shop: take an order."""

from __future__ import annotations

import logging
import uuid

from dotenv import load_dotenv
from flask import Flask, Response, jsonify, request

import logship

load_dotenv()
logship.configure("shop")
logger = logging.getLogger("shop")
app = Flask(__name__)


@app.post("/orders")
def take_order() -> tuple[Response, int]:
    order = request.get_json()
    number = uuid.uuid4().hex[:12]
    logger.info("order %s with %d items", number, len(order.get("items", [])))
    return jsonify(number=number), 202


@app.get("/health")
def health() -> Response:
    return jsonify(status="ok")
