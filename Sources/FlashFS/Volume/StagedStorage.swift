/// Collects many transactions into one: they show in it at once, and in the storage beneath only with `apply`.
package final class StagedStorage: VolumeStorage {
  private static let sectorBytes = FATGeometry.sectorBytes
  private let base: any VolumeStorage
  private var sectors: [Int: [UInt8]] = [:]

  package init(_ base: any VolumeStorage) { self.base = base }

  package var volumeBytes: Int { base.volumeBytes }
  package var maximumTransactionBytes: Int { base.maximumTransactionBytes }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    try base.read(offset, into: buffer)
    if buffer.isEmpty { return }
    for sector in offset / Self.sectorBytes...(offset + buffer.count - 1) / Self.sectorBytes {
      guard let content = sectors[sector] else { continue }
      let start = sector * Self.sectorBytes
      for position in max(offset, start)..<min(offset + buffer.count, start + Self.sectorBytes) {
        buffer[position - offset] = content[position - start]
      }
    }
  }

  package func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    try transaction.forEachChange(within: volumeBytes) { (change) throws(FlashError) in
      try change.forEachPart(unitBytes: Self.sectorBytes) { (sector, start, done, count) throws(FlashError) in
        if sectors[sector] == nil { sectors[sector] = try base.readBytes(sector * Self.sectorBytes, Self.sectorBytes) }
        sectors[sector]!.withUnsafeMutableBytes {
          change.write(from: done, to: .init(rebasing: $0[start..<start + count]))
        }
      }
    }
  }

  package func sync() throws(FlashError) {}

  /// Commits all that was collected to the storage beneath, in one transaction. Runs of sectors of one byte take no room in it.
  package func apply() throws(FlashError) {
    var transaction = Transaction()
    var run: (sector: Int, count: Int, byte: UInt8)?
    func end(_ transaction: inout Transaction) {
      guard let ended = run else { return }
      transaction.fill(ended.sector * Self.sectorBytes, count: ended.count * Self.sectorBytes, byte: ended.byte)
      run = nil
    }
    for (sector, content) in sectors.sorted(by: { $0.key < $1.key }) {
      let byte = content[0]
      let isUniform = content.allSatisfy { $0 == byte }
      if let now = run, isUniform, now.byte == byte, now.sector + now.count == sector {
        run = (now.sector, now.count + 1, byte)
        continue
      }
      end(&transaction)
      if isUniform {
        run = (sector, 1, byte)
      } else {
        transaction.patch(sector * Self.sectorBytes, content)
      }
    }
    end(&transaction)
    try base.commit(transaction)
    sectors = [:]
  }
}
