"""Whether the network in use is paid by volume, as the operating system knows it (NetworkManager, Windows)."""

from __future__ import annotations

from PySide6.QtNetwork import QNetworkInformation


class MeteredNetwork:
    """Asked from any thread; kept up to date by the operating system's own news. Made on the UI thread."""

    def __init__(self) -> None:
        self._is_metered = False
        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Metered):
            return  # nobody knows: then it is not
        network = QNetworkInformation.instance()
        if network is not None:
            self._is_metered = network.isMetered()
            network.isMeteredChanged.connect(self._changed)

    def is_metered(self) -> bool:
        return self._is_metered

    def _changed(self, is_metered: bool) -> None:
        self._is_metered = is_metered
