"""Whether the network in use is paid by volume, as the operating system knows it (NetworkManager, Windows)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtNetwork import QNetworkInformation


class MeteredNetwork:
    """Asked from any thread; kept up to date by the operating system's own news. Made on the UI thread."""

    def __init__(self) -> None:
        self._is_metered = False
        self._listener: Callable[[], None] = lambda: None
        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Metered):
            return  # nobody knows: then it is not
        network = QNetworkInformation.instance()
        if network is not None:
            self._is_metered = network.isMetered()
            network.isMeteredChanged.connect(self._changed)

    def is_metered(self) -> bool:
        return self._is_metered

    def on_changed(self, listener: Callable[[], None]) -> None:
        """*listener* is called on the UI thread when the computer comes to a network of the other kind."""
        self._listener = listener

    def _changed(self, is_metered: bool) -> None:
        self._is_metered = is_metered
        self._listener()
