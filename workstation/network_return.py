"""Says when the computer comes back to a network, where the operating system tells."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtNetwork import QNetworkInformation

_REACHABLE = (QNetworkInformation.Reachability.Site, QNetworkInformation.Reachability.Online)


class NetworkReturn:
    """Calls *came_back* on the UI thread each time. Elsewhere the pauses between rounds have to do."""

    def __init__(self, came_back: Callable[[], None]) -> None:
        self._came_back = came_back
        self._was_reachable = True
        self._network: QNetworkInformation | None = None

    def listen(self) -> None:
        """Until `ignore`."""
        if self._network is not None or not QNetworkInformation.loadBackendByFeatures(
            QNetworkInformation.Feature.Reachability
        ):
            return
        self._network = QNetworkInformation.instance()
        if self._network is not None:
            self._was_reachable = self._network.reachability() in _REACHABLE
            self._network.reachabilityChanged.connect(self.reachability_changed)

    def ignore(self) -> None:
        """The network may come and go unheard."""
        if self._network is not None:
            self._network.reachabilityChanged.disconnect(self.reachability_changed)
            self._network = None

    def reachability_changed(self, now: QNetworkInformation.Reachability) -> None:
        """The operating system's news."""
        is_reachable = now in _REACHABLE
        if is_reachable and not self._was_reachable:
            self._came_back()
        self._was_reachable = is_reachable
