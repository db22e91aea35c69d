"""What the tests drive: private mail servers, the daemon, the policy and a raw SMTP client."""
