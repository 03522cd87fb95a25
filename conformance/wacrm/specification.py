"""`openapi.yaml`, Wacrm's documented API."""

from conformance.contract.openapi import Specification

OPENAPI = Specification("openapi.yaml", extension="x-wacrm")
