// What a picture's bar or QR code says, or "": by the browser where it can, else by ZXing. Loaded when somebody scans.
// The readers are named one by one, since the package's index would bring twice as much.
import { HTMLCanvasElementLuminanceSource } from "@zxing/library/esm/browser/HTMLCanvasElementLuminanceSource.js";
import BinaryBitmap from "@zxing/library/esm/core/BinaryBitmap.js";
import HybridBinarizer from "@zxing/library/esm/core/common/HybridBinarizer.js";
import DecodeHintType from "@zxing/library/esm/core/DecodeHintType.js";
import MultiFormatOneDReader from "@zxing/library/esm/core/oned/MultiFormatOneDReader.js";
import QRCodeReader from "@zxing/library/esm/core/qrcode/QRCodeReader.js";

const hints = new Map([[DecodeHintType.TRY_HARDER, true]]);
const readers = [new QRCodeReader(), new MultiFormatOneDReader(hints)];
let own;

export async function decode(canvas) {
  own ??= await builtIn();
  if (own) return (await own.detect(canvas))[0]?.rawValue ?? "";
  const picture = new BinaryBitmap(new HybridBinarizer(new HTMLCanvasElementLuminanceSource(canvas)));
  for (const reader of readers) {
    try {
      return reader.decode(picture, hints).getText();
    } catch {
      // No code of this sort.
    }
  }
  return "";
}

async function builtIn() {
  const formats = (await window.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  return formats.includes("qr_code") && formats.includes("ean_13") ? new window.BarcodeDetector({ formats }) : false;
}
