"""Tests against servers over sockets: embedded ones, or the genuine ones named."""
