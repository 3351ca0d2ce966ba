"""OAuth 2.1 resource server: access tokens of any issuer, by configuration, act as grants."""
