ALTER TABLE notification_causes
    ADD CONSTRAINT notification_causes_cause_check CHECK (cause IN
        ('requested', 'escalated', 'voted', 'reminder', 'decided', 'expired', 'cancelled')) NOT VALID;
