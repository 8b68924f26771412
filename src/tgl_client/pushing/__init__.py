"""A push, from "this folder" to "the server has it": plan, read, send, record, report."""
