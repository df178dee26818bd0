/// An independent judge of FAT volumes: it shares no code with `Volume`, so that an error there cannot hide here.
///
/// It never traps on any bytes; its cost is linear in the volume's metadata and its memory a few bytes for each cluster and
/// entry. A volume without findings is clean to fsck.fat too.
package enum VolumeCheck {
  /// A hopeless volume must not drown its reader: what is more is counted.
  package static let maximumFindings = 1000
  /// Parts of a path that are shown; a damaged tree may be deeper than any line.
  static let maximumPathParts = 12

  /// Reads through `read(offset, buffer)`, which fills the buffer from the raw volume of `volumeBytes`.
  package static func run(
    volumeBytes: Int, read: @escaping (Int, UnsafeMutableRawBufferPointer) throws(FlashError) -> Void
  ) throws(FlashError) -> [VolumeFinding] {
    let judge = VolumeJudge(CheckedBytes(count: volumeBytes, read: read), isRepairing: false)
    try judge.run()
    return judge.findings
  }

  package static func run(_ storage: any VolumeStorage) throws(FlashError) -> [VolumeFinding] {
    try run(volumeBytes: storage.volumeBytes) { (offset, buffer) throws(FlashError) in
      try storage.read(offset, into: buffer)
    }
  }
}
