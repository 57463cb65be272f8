// @ts-check
// The notices that the licences of bundled packages ask for, made from the modules that really are in a bundle.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} BundledPackage
 * @property {string} name
 * @property {string} version
 * @property {string} license SPDX expression
 * @property {string} text the licence, as the package ships it
 */

/**
 * @typedef {BundledPackage & { repository: string | undefined }} PackageFiles a package whose text may be empty
 */

const LICENSE_FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;
const RULE = '-'.repeat(80);

/**
 * A plugin that adds a file with the notices of all third-party packages to a bundle.
 *
 * @param {string} fileName
 * @returns {import('rolldown').Plugin}
 */
export function thirdPartyNotices(fileName) {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap(file =>
        file.type === 'chunk' ? Object.keys(file.modules) : [],
      );
      this.emitFile({ type: 'asset', fileName, source: noticesOf(bundledPackages(modules)) });
    },
  };
}

/**
 * The packages under node_modules that these modules come from, sorted by name.
 *
 * @param {readonly string[]} modules paths of files
 * @returns {BundledPackage[]}
 */
export function bundledPackages(modules) {
  const paths = modules.map(id => id.replace(/^\0/, '').replace(/\?.*$/, ''));
  const folders = new Set(paths.filter(path => path.includes('/node_modules/')).map(packageFolder));
  const packages = [...folders].map(readPackage);
  return packages.map(found => withText(found, packages)).sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/**
 * Some packages come without the licence of their repository, which others of the same repository have.
 *
 * @param {PackageFiles} found
 * @param {readonly PackageFiles[]} packages
 * @returns {BundledPackage}
 */
function withText({ name, version, license, repository, text }, packages) {
  const isSibling = (/** @type {PackageFiles} */ other) =>
    other.text !== '' && other.license === license && other.repository === repository;
  const licence = text || (repository && packages.find(isSibling)?.text);
  if (!licence) throw new Error(`${name} ${version} has no licence file, and its code is bundled`);
  return { name, version, license, text: licence };
}

/** @param {readonly BundledPackage[]} packages */
export function noticesOf(packages) {
  const sections = packages.map(
    ({ name, version, license, text }) => `${RULE}\n${name} ${version} (${license})\n\n${text.trim()}\n`,
  );
  return `airgap contains code of the following packages.\n\n${sections.join('\n')}`;
}

/**
 * The folder of the nearest package.json that names a package; some packages have others without a name inside.
 *
 * @param {string} path
 */
function packageFolder(path) {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name) return folder;
  }
  throw new Error(`no package.json above ${path}`);
}

/**
 * @param {string} folder
 * @returns {PackageFiles}
 */
function readPackage(folder) {
  const { name, version, license, repository } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const files = readdirSync(folder)
    .filter(file => LICENSE_FILE.test(file))
    .sort();
  const text = files.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return { name, version, license, repository: repository?.url, text };
}
