import Glibc

/// What `flash info` tells of an image.
package struct ImageFacts: Sendable {
  package struct Wear: Sendable, Equatable {
    package var totalErases: UInt64
    package var maximumErases: UInt32
    package var blocks: Int
    package var hottestBlock: Int
    /// "FAT", "directory /lib/", "file /code.py", "journal ring" …
    package var hottestHolds: String
    package var history: WearHistory?
  }
  /// The cycles a block of a NOR chip is made for, by its data sheet.
  package static let ratedCycles: UInt64 = 100_000
  /// A rate taken over less than a week says nothing about years.
  package static let minimumHistorySeconds: UInt64 = 7 * 86400

  let snapshot: ImageSnapshot
  let geometry: FATGeometry
  let label: String
  /// The FAT volume's; the trailer of an image has one of its own.
  let volumeID: UInt32
  let statistics: VolumeStatistics
  let anchorState: AnchorPage.State?
  let report: RecoveryReport?
  package let wear: Wear?
  let nowSeconds: UInt64

  package init(_ snapshot: ImageSnapshot, nowSeconds: UInt64 = UInt64(time(nil))) throws(ImageFactsError) {
    self.snapshot = snapshot
    self.nowSeconds = nowSeconds
    do {
      let (storage, report) = try snapshot.recovered()
      let boot = try storage.readBytes(0, AdoptableVolume.sizeBytes).withUnsafeBytes(AdoptableVolume.read)
      if case .fat(let volume) = boot { volumeID = volume.volumeID } else { volumeID = 0 }
      self.report = report
      nonisolated(unsafe) let shared = storage
      let volume = try Volume(storage: shared)
      geometry = volume.geometry
      label = String(decoding: volume.label, as: UTF8.self)
      statistics = volume.statistics
      guard case .journaled(let layout, _, _) = snapshot.kind else {
        anchorState = nil
        wear = nil
        return
      }
      let store = MemoryStore(snapshot.bytes)
      let device = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
      anchorState = try JournalReader(device: device, layout: layout).newestAnchor()?.anchor.state
      guard let table = try WearTable.load(from: store, layout: layout) else {
        wear = nil
        return
      }
      let most = table.wear.max() ?? 0
      let hottest = table.wear.firstIndex(of: most) ?? 0
      wear = Wear(
        totalErases: table.wear.reduce(0) { $0 + UInt64($1) }, maximumErases: most, blocks: table.wear.count,
        hottestBlock: hottest,
        hottestHolds: BlockOccupant.describe(block: hottest, layout: layout, storage: storage),
        history: table.history)
    } catch {
      throw ImageFactsError(path: snapshot.path, reason: "\(error)")
    }
  }

  /// Flash bytes programmed for each byte of a file; nil before anything was written.
  package var writeAmplification: Double? {
    guard let history = wear?.history, history.fileBytes > 0 else { return nil }
    return Double(history.programmedBytes) / Double(history.fileBytes)
  }

  /// When the hottest block reaches its rated cycles at the rate so far, in days from the beginning; nil: too young to tell.
  package var lifeDays: UInt64? {
    guard let wear, wear.maximumErases > 0, case .journaled(_, _, let created) = snapshot.kind,
      nowSeconds >= created, nowSeconds - created >= Self.minimumHistorySeconds
    else { return nil }
    return (nowSeconds - created) * Self.ratedCycles / UInt64(wear.maximumErases) / 86400
  }

  private var usedBytes: Int {
    (statistics.totalClusters - statistics.freeClusters) * statistics.clusterBytes
  }
  private var freeBytes: Int { statistics.freeClusters * statistics.clusterBytes }
  private static func hex(_ number: UInt32) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
  /// One digit behind the point.
  private static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// For people.
  package var lines: [String] {
    var lines = ["image        \(snapshot.path), \(snapshot.bytes.count) bytes"]
    if let pid = snapshot.usedByPID { lines.append("in use       by pid \(pid)") }
    lines.append(
      "volume       FAT\(geometry.kind.rawValue), clusters of \(geometry.clusterBytes) bytes, label "
        + "\(label.isEmpty ? "none" : label), id \(Self.hex(volumeID))")
    lines.append("space        \(usedBytes) bytes used, \(freeBytes) free")
    guard case .journaled(let layout, _, _) = snapshot.kind else {
      lines.append("journal      none: a plain FAT image")
      return lines
    }
    lines.append(
      "chip         \(layout.flashBlocks) erase blocks of \(FlashGeometry.eraseBytes) bytes, pages of "
        + "\(FlashGeometry.pageBytes)")
    for part in Self.parts(layout) { lines.append("  at \(part.offset): \(part.name), \(part.bytes) bytes") }
    lines.append("journal      \(stateName), \(report?.replayedFrames ?? 0) frames pending")
    guard let wear else {
      lines.append("wear         unknown: no valid wear table")
      return lines
    }
    let mean = Double(wear.totalErases) / Double(max(1, wear.blocks))
    lines.append(
      "wear         \(wear.totalErases) erases; a block has \(Self.decimal(mean)) on average, \(wear.maximumErases) at most"
    )
    lines.append("hottest      block \(wear.hottestBlock): \(wear.hottestHolds)")
    if let history = wear.history {
      lines.append(
        "written      \(history.fileBytes) bytes of files took \(history.programmedBytes) bytes of flash in "
          + "\(history.programs) programs" + (writeAmplification.map { " (\(Self.decimal($0)) times)" } ?? ""))
    } else {
      lines.append("written      not counted yet")
    }
    lines.append(
      "life         "
        + (lifeDays.map { "\($0 / 365) years \($0 % 365) days for \(Self.ratedCycles) cycles, at this rate" }
          ?? "not enough history (\(Self.minimumHistorySeconds / 86400) days are needed)"))
    return lines
  }

  private var stateName: String {
    switch anchorState {
    case .clean: "clean"
    case .open: "open"
    case .checkpointing: "checkpointing"
    case nil: "without an anchor"
    }
  }

  private static func parts(_ layout: ImageLayout) -> [(name: String, offset: Int, bytes: Int)] {
    let block = FlashGeometry.eraseBytes
    return [
      ("volume", 0, layout.volumeBytes), ("anchors", layout.firstAnchorBlock * block, 2 * block),
      ("scratch", layout.firstScratchBlock * block, layout.scratchBlocks * block),
      ("ring", layout.firstRingBlock * block, layout.ringBlocks * block),
      ("wear table", layout.wearTableOffset(copy: 0), 2 * layout.wearTableBlocks * block),
      ("trailer", layout.trailerOffset, block),
    ]
  }

  /// For programs: one object on one line; what is not known is null.
  package var json: String {
    func text(_ value: String) -> String {
      var quoted = "\""
      for scalar in value.unicodeScalars {
        switch scalar {
        case "\"", "\\": quoted += "\\\(scalar)"
        case _ where scalar.value < 0x20:
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: quoted.unicodeScalars.append(scalar)
        }
      }
      return quoted + "\""
    }
    func number(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "null" }
    var fields = [
      ("path", text(snapshot.path)), ("fileBytes", "\(snapshot.bytes.count)"),
      ("usedByPID", number(snapshot.usedByPID)), ("fat", "\(geometry.kind.rawValue)"),
      ("clusterBytes", "\(geometry.clusterBytes)"), ("label", text(label)), ("volumeID", text(Self.hex(volumeID))),
      ("usedBytes", "\(usedBytes)"), ("freeBytes", "\(freeBytes)"),
    ]
    if case .journaled(let layout, _, let created) = snapshot.kind {
      let parts = Self.parts(layout).map { "{\"name\":\(text($0.name)),\"offset\":\($0.offset),\"bytes\":\($0.bytes)}" }
      fields += [
        ("eraseBlocks", "\(layout.flashBlocks)"), ("layout", "[\(parts.joined(separator: ","))]"),
        ("createdSeconds", "\(created)"), ("state", text(stateName)),
        ("pendingFrames", number(report?.replayedFrames)), ("totalErases", number(wear?.totalErases)),
        ("maximumErases", number(wear?.maximumErases)), ("hottestBlock", number(wear?.hottestBlock)),
        ("hottestHolds", wear.map { text($0.hottestHolds) } ?? "null"),
        ("programs", number(wear?.history?.programs)), ("programmedBytes", number(wear?.history?.programmedBytes)),
        ("writtenFileBytes", number(wear?.history?.fileBytes)), ("lifeDays", number(lifeDays)),
      ]
    }
    return "{" + fields.map { "\(text($0.0)):\($0.1)" }.joined(separator: ",") + "}"
  }
}

/// Why nothing can be told of an image.
package struct ImageFactsError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  package var description: String { "\(path): \(reason); `circuitpyd flash check` says more" }
}
