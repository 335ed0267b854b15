"""What is concluded: interventions, measurements, verdicts and reports."""
