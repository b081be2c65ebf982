"""A process of its own: what the store of the journey holds, read back out of the vault through the desktop's keyring.

python -m tests.peers.reading_back PROFILE_FOLDER    prints {"images": {SOP Instance UID: SHA-256}, "opinion": …}
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from sync.records.case import CaseId
from sync.secret_keeper import SystemKeyring
from sync.store.database import Store, open_store
from sync.vault.keys import Unlock
from tests.peers.journey_place import CHEST, STORE_PIN


def image_digests(store: Store) -> dict[str, str]:
    """SHA-256 of every image, of the bytes as decrypted now."""
    found = {}
    for case in store.cases.list_cases():
        for obj in store.objects.list_objects(case.case_id):
            if obj.sop_instance_uid:
                with store.vault.source(obj.sha256, "").open() as opened:
                    found[obj.sop_instance_uid] = hashlib.sha256(opened.read()).hexdigest()
    return found


def main() -> None:
    unlock = Unlock(passphrase=STORE_PIN, keeper=SystemKeyring())
    store = open_store(Path(sys.argv[1]), unlock=unlock, read_only=True)
    try:
        receipt = store.opinions.find_receipt(CaseId(CHEST))
        marks = [str(mark.annotation_id) for mark in store.annotations.list_current(CaseId(CHEST))]
        told = {
            "images": image_digests(store),
            "opinion": receipt.opinion_identifier if receipt else "",
            "report": receipt.diagnostic_report_reference if receipt else "",
            "marks": marks,
        }
    finally:
        store.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
