"""What is done with the store for its own sake or for others: today, sending sessions on as telemetry."""
