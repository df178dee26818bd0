/// The drive that a script runs on: how its storage is made and opened on a chip.
package struct CutDrive: Sendable {
  package var geometry: FlashGeometry
  package var volumeBytes: Int
  /// Lays what the storage needs around an empty volume.
  package var create: @Sendable (SimulatedNORFlash) throws -> Void
  /// Opens the storage, with its recovery.
  package var open: @Sendable (SimulatedNORFlash) throws -> any VolumeStorage
  /// What is done behind each open before the volume is mounted, as the daemon formats a blank drive.
  package var afterOpen: @Sendable (any VolumeStorage) throws -> Void = { _ in }
  /// Puts the first volume on the drive; nil leaves it blank.
  package var format: (@Sendable (any VolumeStorage) throws -> Void)?
  /// What an opened storage says is wrong with it.
  package var problems: @Sendable (any VolumeStorage) throws -> [String] = { _ in [] }

  /// Scripts run at this moment: 2026-01-02 03:04:06 UTC.
  package static let now: Int64 = 1_767_323_046
  /// Beyond this the block store's own check, which reads all of the volume, would cost more than the cut.
  private static let checkedVolumeBytes = 1 << 20

  package init(
    geometry: FlashGeometry, volumeBytes: Int, create: @escaping @Sendable (SimulatedNORFlash) throws -> Void,
    open: @escaping @Sendable (SimulatedNORFlash) throws -> any VolumeStorage
  ) {
    self.geometry = geometry
    self.volumeBytes = volumeBytes
    self.create = create
    self.open = open
    format = { try Volume.format($0, volumeID: 0x1234_5678, now: Self.now, labelsBootSector: true) }
  }

  /// The drive as it is mounted: the volume behind its journal.
  package static func journaled(_ layout: ImageLayout) -> CutDrive {
    var drive = CutDrive(
      geometry: layout.flashGeometry, volumeBytes: layout.volumeBytes,
      create: { try BlockStore.create(on: $0, layout: layout) }, open: { try BlockStore(device: $0, layout: layout) })
    drive.problems = { storage in
      guard let blocks = storage as? BlockStore else { return [] }
      if blocks.isDirty { return ["the volume is not in place after the recovery"] }
      return layout.volumeBytes <= checkedVolumeBytes ? try blocks.checkInvariants() : []
    }
    return drive
  }
}

/// A drive at work in a script: what steps act on.
package final class CutSession {
  package private(set) var volume: Volume
  private let openStorage: () throws -> any VolumeStorage
  /// Handles that live through several steps, by a name that the script gives them.
  package var handles: [String: VolumeHandle] = [:]

  init(_ openStorage: @escaping () throws -> any VolumeStorage) throws {
    self.openStorage = openStorage
    volume = try Self.mount(openStorage())
  }

  /// Drops the storage as SIGKILL does and opens it anew.
  package func reopen() throws {
    handles = [:]
    volume = try Self.mount(openStorage())
  }

  static func mount(_ opened: any VolumeStorage) throws -> Volume {
    // The session, on one thread, is the only one that has it.
    nonisolated(unsafe) let storage = opened
    return try Volume(storage: storage, clock: { CutDrive.now })
  }
}

/// A sequence of requests to cut.
package struct CutScript: Sendable {
  /// One request: wholly done after a cut, or not at all.
  package struct Step: Sendable {
    package var run: @Sendable (CutSession) throws -> Void
    package init(_ run: @escaping @Sendable (CutSession) throws -> Void) { self.run = run }
  }

  package var name: String
  package var drive: CutDrive
  /// Fills the drive before anything is cut.
  package var prepare: @Sendable (Volume) throws -> Void
  package var steps: [Step]

  package init(
    _ name: String, drive: CutDrive, prepare: @escaping @Sendable (Volume) throws -> Void = { _ in }, steps: [Step]
  ) {
    self.name = name
    self.drive = drive
    self.prepare = prepare
    self.steps = steps
  }
}
