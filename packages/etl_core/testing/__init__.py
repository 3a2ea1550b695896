"""Servers, fakes and hooks for tests and the demo; the extra ``testing``.

Nothing that ships in an image may need this package.
"""
