"""Cloud Run Admin v2: one pure state (`world`) and its two wire forms (`admin` is gRPC, `rest` is JSON)."""
