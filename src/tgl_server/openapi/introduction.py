"""What stands above the operations of the document: what is true of all of them."""

INTRODUCTION = """\
Git history as a league: clients push the metadata of commits, and this API stores and answers it.

**Tokens.** Send `Authorization: Bearer <token>`. A token that begins with `tgl_` is an API key, made under
`api-keys`, with the scopes that are named beside each operation. Any other is the `access_token` of `login`, which
expires after half an hour, unless the server is set up otherwise; `refresh` gives the next one. Every operation says
who may call it. What you may not see is answered 404.

**Limits.** Each client address has a number of requests in a minute, for the sync endpoints, for signing in and for
all others apart. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say how many are left; 429 comes with
`Retry-After`, in seconds. `capabilities` tells how much one request may hold. Bodies may be compressed; limits count
bytes after decompression.

**Lists** come in pages of `limit` items: `next_cursor` of one page is `cursor` of the next, and null on the last.
Items that are added meanwhile neither repeat nor hide others. A cursor belongs to the filters and the order that it
came with. `total` is there where counting is cheap.

**Times** are ISO 8601 with a zone, and answers are in UTC: `2026-01-02T11:00:00Z`. A time without a zone is UTC; in a
query `+` is written `%2B`. `since` is included and `until` is not. Durations are whole seconds, minutes or days, as
their name says.

**Errors** are `application/problem+json` (RFC 9457), everywhere the same shape. `code` is a stable word for programs,
`detail` a sentence for people, `errors` names every field that is to blame, and `request_id` names the request in the
server's log.

**Unknown fields** of a body and unknown query parameters are refused by name; only in what clients push, unknown
fields are ignored. Paths work with and without a trailing slash. What is made has its path in `Location`; a DELETE
answers with what is gone.

**Unchanged answers** need not be sent again: an answer to GET has an `ETag`, and is 304 without a body for a request
that sends it back as `If-None-Match`. Long answers to GET are compressed for who accepts zstd or gzip.
"""
