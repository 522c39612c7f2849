/**
 * Reading and writing places. What is read is one of
 *     {lon, lat}                               degrees
 *     {utm: {zone, isSouth, easting, northing}}
 *     {mgrs}                                   a square, such as 37MBU5812
 *     {x, y}                                   in the unit of the map
 */

const number = '[+-]?\\d+(?:[.,]\\d+)?';
const degreeSigns = '[°º˚d]';
const minuteSigns = "['′’m]";
const secondSigns = "(?:[\"″”s]|'')";
const angle = `([+-]?\\d+(?:\\.\\d+)?)\\s*(?:${degreeSigns}\\s*(?:(\\d+(?:\\.\\d+)?)\\s*${minuteSigns}\\s*)?` +
  `(?:(\\d+(?:\\.\\d+)?)\\s*${secondSigns}\\s*)?)?`;

const withLetters = new RegExp(`^${angle}\\s*([NSEW])[\\s,;]+${angle}\\s*([NSEW])$`, 'i');
const lettersFirst = new RegExp(`^([NSEW])\\s*${angle}[\\s,;]+([NSEW])\\s*${angle}$`, 'i');
const twoAngles = new RegExp(`^${angle}(?:\\s*[,;]\\s*|\\s+)${angle}$`, 'i');
const twoNumbers = new RegExp(`^xy\\s+(${number})(?:\\s*;\\s*|\\s+|,\\s+)(${number})$`, 'i');
const utm = /^(\d{1,2})\s*([C-HJ-NP-X]|north|south)\s+(\d{5,7}(?:\.\d+)?)\s*[mE]*[\s,;]+(\d{1,8}(?:\.\d+)?)\s*[mN]*$/i;
const mgrs = /^\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V](?:\d\d){0,5}$/i;

export const examples = '-1.2833, 36.8167 · 1°17′S 36°49′E · 37MBU5812 · 37M 258121 9858000';

/** Signed degrees of the parts of an angle; the sign of the degrees counts for all of it. */
function degreesOf([degrees, minutes = '0', seconds = '0'], letter = '') {
  const size = Math.abs(Number(degrees)) + Number(minutes) / 60 + Number(seconds) / 3600;
  const isNegative = degrees.startsWith('-') !== /[SW]/i.test(letter);
  if (Number(minutes) >= 60 || Number(seconds) >= 60) {
    throw new Error('Minutes and seconds are less than 60.');
  }
  return isNegative ? -size : size;
}

function place(latitude, longitude) {
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 360) {
    throw new Error('Latitudes go to 90, longitudes to 180.');
  }
  const lon = longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
  return {lon, lat: latitude};
}

function placeOfLetters(first, firstLetter, second, secondLetter) {
  const isNorthing = (letter) => /[NS]/i.test(letter);
  if (isNorthing(firstLetter) === isNorthing(secondLetter)) {
    throw new Error('One of N or S and one of E or W is needed.');
  }
  const a = degreesOf(first, firstLetter);
  const b = degreesOf(second, secondLetter);
  return isNorthing(firstLetter) ? place(a, b) : place(b, a);
}

/** Read a place; latitude comes first where no letters tell. Throws an Error that says what to
 *  write. */
export function parsePlace(written) {
  const text = written.trim().replace(/\s+/g, ' ');
  let found = withLetters.exec(text);
  if (found) {
    return placeOfLetters(found.slice(1, 4), found[4], found.slice(5, 8), found[8]);
  }
  found = lettersFirst.exec(text);
  if (found) {
    return placeOfLetters(found.slice(2, 5), found[1], found.slice(6, 9), found[5]);
  }
  found = utm.exec(text);
  if (found) {
    const [, zone, band, easting, northing] = found;
    if (Number(zone) < 1 || Number(zone) > 60) {
      throw new Error('Zones of UTM are 1 to 60.');
    }
    // Bands C to M are south of the equator; the letter is no hemisphere.
    const isSouth = band.length > 1 ? /south/i.test(band) : band.toUpperCase() < 'N';
    return {utm: {zone: Number(zone), isSouth, easting: Number(easting), northing: Number(northing)}};
  }
  if (mgrs.test(text.replace(/ /g, ''))) {
    return {mgrs: text.replace(/ /g, '').toUpperCase()};
  }
  found = twoNumbers.exec(text);
  if (found) {
    return {x: Number(found[1].replace(',', '.')), y: Number(found[2].replace(',', '.'))};
  }
  found = twoAngles.exec(text);
  if (found) {
    return place(degreesOf(found.slice(1, 4)), degreesOf(found.slice(4, 7)));
  }
  throw new Error(`That is no place. Examples: ${examples}`);
}

/** Latitude and longitude as they can be searched for again. */
export function placeText(lon, lat) {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
}
