"""Signing an opinion and verifying one. No Qt, no network; nothing here renders a report.

envelope (freeze_opinion, Material, SignerBinding) · identity (load_identity) · gate (enrol, SigningGate) ·
detached_jws (sign_envelope, verify_envelope) · pades (sign_report) · report_check (verify_report) · verification
(verify_file). Import from those: each loads only the libraries it needs.
"""
