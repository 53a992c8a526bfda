"""OpenAPI 3.1: a document per service, made from what its endpoints declare."""

from infra.openapi.document import document, documents

__all__ = ["document", "documents"]
